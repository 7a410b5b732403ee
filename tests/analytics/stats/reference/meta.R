# Random effects by REML with Knapp and Hartung's interval, by metafor. Rscript meta.R
suppressMessages(library(metafor)); options(digits = 15)
d <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
show <- function(name, m) { p <- predict(m); cat(name, "b", m$beta, "se", m$se, "ci", m$ci.lb, m$ci.ub, "p", m$pval, "tau2", m$tau2, "Q", m$QE, m$QEp, "pi", p$pi.lb, p$pi.ub, "\n") }
tight <- list(threshold = 1e-14, maxiter = 10000)
cat("yi", d$yi, "\n"); cat("vi", d$vi, "\n")
show("knha", rma(yi, vi, data = d, method = "REML", test = "knha", control = tight))
show("adhoc", rma(yi, vi, data = d, method = "REML", test = "adhoc", control = tight))
y <- c(0.040, 0.045, 0.042, 0.039); v <- c(0.01, 0.02, 0.015, 0.03)
show("flat knha", rma(y, v, method = "REML", test = "knha", control = tight))
show("flat adhoc", rma(y, v, method = "REML", test = "adhoc", control = tight))
