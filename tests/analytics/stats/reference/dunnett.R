# Dunnett's critical values and adjusted p by the multivariate normal of mvtnorm (Miwa's algorithm). Rscript dunnett.R
suppressMessages(library(mvtnorm)); options(digits = 15)
corr <- function(n, n0) { b <- sqrt(n / (n + n0)); r <- b %o% b; diag(r) <- 1; r }
inside <- function(z, r) pmvnorm(rep(-z, nrow(r)), rep(z, nrow(r)), corr = r, algorithm = Miwa(steps = 4097))[1]
critical <- function(r, level) uniroot(function(z) inside(z, r) - level, c(1, 6), tol = 1e-12)$root
cat("equal 3", critical(corr(rep(50, 3), 50), 0.95), "\n")
cat("equal 5 at 0.99", critical(corr(rep(50, 5), 50), 0.99), "\n")
r <- corr(c(11133, 11134, 11129), 16687); cat("karlan-list", critical(r, 0.95), "p at 2", 1 - inside(2, r), "\n")
cat("uneven", critical(corr(c(10, 200, 55), 90), 0.95), "\n")
