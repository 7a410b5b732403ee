# Cluster-robust CR2 and CR1 with Satterthwaite's degrees of freedom, by clubSandwich. Rscript clusters.R
suppressMessages(library(clubSandwich)); options(digits = 15)
run <- function(name, nt, xt, nc, xc) {
  n <- c(nt, nc); x <- c(xt, xc); g <- length(n); arm <- c(rep(1, length(nt)), rep(0, length(nc)))
  y <- unlist(lapply(1:g, function(i) c(rep(1, x[i]), rep(0, n[i] - x[i]))))
  d <- data.frame(y = y, arm = rep(arm, n), id = rep(1:g, n))
  t <- coef_test(lm(y ~ arm, d), vcov = "CR2", cluster = d$id, test = "Satterthwaite")["arm", ]
  cat(name, "CR2 b", t$beta, "se", t$SE, "df", t$df_Satt, "p", t$p_Satt, "\n")
  cat(name, "CR1S se", sqrt(vcovCR(lm(y ~ arm, d), d$id, "CR1S")[2, 2]), "\n")
}
run("small", c(12, 30, 7, 21, 15), c(5, 9, 4, 10, 3), c(10, 25, 18, 9), c(1, 6, 2, 3))
run("uneven", c(200, 3, 45, 1, 80, 12, 33), c(61, 1, 10, 0, 31, 5, 9), c(7, 150, 22, 64, 2, 91, 18, 40), c(3, 33, 4, 20, 0, 15, 6, 7))
