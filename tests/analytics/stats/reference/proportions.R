# Newcombe, Miettinen-Nurminen and Koopman from their definitions, by root finding. Rscript proportions.R
options(digits = 15)
wilson <- function(x, n) { z <- qnorm(0.975); p <- x / n; c(p + z^2 / (2 * n) + c(-1, 1) * z * sqrt(p * (1 - p) / n + z^2 / (4 * n^2))) / (1 + z^2 / n) }
newcombe <- function(x1, n1, x0, n0) { a <- wilson(x1, n1); b <- wilson(x0, n0); p <- x1 / n1; q <- x0 / n0
  c(p - q - sqrt((p - a[1])^2 + (b[2] - q)^2), p - q + sqrt((a[2] - p)^2 + (q - b[1])^2)) }
# The restricted likelihood is maximised numerically, not by a closed form.
rml <- function(x1, n1, x0, n0, f) { g <- function(q) { p <- f(q); if (p < 0 || p > 1) return(-1e300); s <- function(x, n, p) (if (x > 0) x * log(p) else 0) + (if (n - x > 0) (n - x) * log1p(-p) else 0); s(x1, n1, p) + s(x0, n0, q) }; g }
best <- function(g, lo, hi) optimize(g, c(lo, hi), maximum = TRUE, tol = 1e-13)$maximum
mn <- function(d, x1, n1, x0, n0) { q <- best(rml(x1, n1, x0, n0, function(q) q + d), max(0, -d), min(1, 1 - d)); p <- q + d
  (x1 / n1 - x0 / n0 - d) / sqrt((p * (1 - p) / n1 + q * (1 - q) / n0) * (n1 + n0) / (n1 + n0 - 1)) }
mn_ci <- function(x1, n1, x0, n0) { z <- qnorm(0.975); e <- x1 / n1 - x0 / n0; f <- function(d, s) mn(d, x1, n1, x0, n0) - s * z
  c(uniroot(f, c(-1 + 1e-9, e - 1e-9), s = 1, tol = 1e-13)$root, uniroot(f, c(e + 1e-9, 1 - 1e-9), s = -1, tol = 1e-13)$root) }
koop <- function(r, x1, n1, x0, n0) { q <- best(rml(x1, n1, x0, n0, function(q) r * q), 0, min(1, 1 / r)); p <- r * q
  (x1 / n1 - r * x0 / n0) / sqrt(p * (1 - p) / n1 + r^2 * q * (1 - q) / n0) }
koop_ci <- function(x1, n1, x0, n0) { z <- qnorm(0.975); e <- (x1 / n1) / (x0 / n0); f <- function(l, s) koop(exp(l), x1, n1, x0, n0) - s * z
  exp(c(uniroot(f, c(log(e) - 6, log(e) - 1e-9), s = 1, tol = 1e-13)$root, uniroot(f, c(log(e) + 1e-9, log(e) + 6), s = -1, tol = 1e-13)$root)) }
for (t in list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(36, 40, 16, 80), c(189, 11034, 104, 11037))) {
  a <- as.list(t); cat(t, "newcombe", do.call(newcombe, a), "mn", do.call(mn_ci, a), "koopman", do.call(koop_ci, a), "\n") }
for (t in list(c(81, 263), c(15, 148), c(0, 20), c(1, 29))) cat(t, "wilson", prop.test(t[1], t[2], correct = FALSE)$conf.int, "\n")
