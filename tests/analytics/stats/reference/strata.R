# Mantel-Haenszel estimates, Cochran-Mantel-Haenszel, Breslow-Day and Tarone by metafor and base R. Rscript strata.R
suppressMessages(library(metafor)); options(digits = 15)
bcg <- dat.bcg
show <- function(name, m) cat(name, "b", m$beta, "se", m$se, "ci", m$ci.lb, m$ci.ub, "p", m$pval, "\n")
tables <- function(ai, n1, ci, n0, name) {
  for (measure in c("RD", "RR", "OR")) show(paste(name, measure), rma.mh(measure = measure, ai = ai, n1i = n1, ci = ci, n2i = n0))
  m <- rma.mh(measure = "OR", ai = ai, n1i = n1, ci = ci, n2i = n0, correct = FALSE)
  cat(name, "CMH", m$MH, m$MHp, "BD", m$BD, m$BDp, "TA", m$TA, m$TAp, "\n")
}
with(bcg, tables(tpos, tpos + tneg, cpos, cpos + cneg, "bcg"))
u <- UCBAdmissions
tables(u["Admitted", "Male", ], colSums(u[, "Male", ]), u["Admitted", "Female", ], colSums(u[, "Female", ]), "berkeley")
m <- mantelhaen.test(u, correct = TRUE); cat("berkeley CMH corrected", m$statistic, m$p.value, "\n")
# Breslow and Day 1980, chapter 4: oesophageal cancer and alcohol by age.
tables(c(1, 4, 25, 42, 19, 5), c(10, 30, 54, 69, 37, 5), c(0, 5, 21, 34, 36, 8), c(106, 169, 159, 173, 124, 39), "oesophagus")
