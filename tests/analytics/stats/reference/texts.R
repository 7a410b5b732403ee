# Texts as a sample: linear and logistic mixed models by lme4 and lmerTest, CR2 by clubSandwich, the spread between texts
# by metafor. Rscript texts.R
suppressMessages({library(lmerTest); library(clubSandwich); library(metafor)}); options(digits = 10)
n <- 400
# The events of each arm in five matched sets, n people a text.
neither <- c(160, 190, 140, 176, 150); first <- c(200, 188, 184, 232, 170)
second <- c(168, 220, 164, 184, 196); both <- c(216, 224, 200, 248, 206)
people <- function(x, a, b) do.call(rbind, lapply(seq_along(x), function(i)
  data.frame(y = rep(1:0, c(x[i], n - x[i])), set = i, a = a, b = b)))
d <- rbind(people(neither, -.5, -.5), people(first, .5, -.5), people(second, -.5, .5), people(both, .5, .5))
rows <- function(name, t, which, columns) for (r in which) cat(name, r, unlist(t[r, columns]), "\n")
tested <- c("Estimate", "Std. Error", "df", "t value", "Pr(>|t|)")
# Two arms, matched: people in texts in sets. Then the factorial over the text means: an error of each effect's own.
pair <- subset(d, b == -.5)
fit <- lmer(y ~ a + (1 | set) + (1 | set:a), pair)
rows("matched", coef(summary(fit)), "a", tested)
m <- aggregate(y ~ set + a + b, d, mean)
rows("factorial", coef(summary(lmer(y ~ a * b + (1 | set) + (1 | set:a) + (1 | set:b), m))), c("a", "b", "a:b"), tested)
# The same counts as texts of each arm's own.
rows("nested", coef(summary(lmer(y ~ a + (1 | set:a), pair))), "a", tested)
t <- coef_test(lm(y ~ a, pair), vcov = "CR2", cluster = interaction(pair$set, pair$a), test = "Satterthwaite")["a", ]
cat("CR2", t$beta, t$SE, t$df_Satt, t$p_Satt, "\n")
# The factorial as a mixed logit.
g <- data.frame(x = c(neither, first, second, both), set = rep(1:5, 4),
  a = rep(c(-.5, .5, -.5, .5), each = 5), b = rep(c(-.5, -.5, .5, .5), each = 5), text = 1:20)
fit <- glmer(cbind(x, n - x) ~ a * b + (1 | set) + (1 | text), g, family = binomial)
rows("glmer", coef(summary(fit)), c("(Intercept)", "a", "b", "a:b"), c("Estimate", "Std. Error"))
# How much the texts of one arm differ.
y <- first / n; v <- y * (1 - y) / (n - 1)
fit <- rma(y, v, method = "PM", control = list(tol = 1e-13))
cat("PM", fit$tau2, confint(fit, control = list(tol = 1e-13))$random["tau^2", 2:3], fit$QE, "\n")
