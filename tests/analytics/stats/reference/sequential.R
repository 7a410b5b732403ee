# Lan-DeMets boundaries by rpact, and the constants of Pocock and of O'Brien and Fleming. Rscript sequential.R
suppressMessages(library(rpact)); options(digits = 15)
bounds <- function(name, type, rates, alpha, sided) { d <- getDesignGroupSequential(typeOfDesign = type, informationRates = rates, alpha = alpha, sided = sided, tolerance = 1e-10); cat(name, d$criticalValues, "\n") }
for (type in c("asOF", "asP")) {
  bounds(paste(type, "five, one side 0.025"), type, (1:5) / 5, 0.025, 1)
  bounds(paste(type, "uneven, one side 0.025"), type, c(0.15, 0.4, 0.55, 1), 0.025, 1)
  bounds(paste(type, "three, one side 0.05"), type, (1:3) / 3, 0.05, 1)
}
for (k in c(2, 3, 4, 5, 10)) { bounds(paste("Pocock", k), "P", (1:k) / k, 0.05, 2); bounds(paste("OBF", k), "OF", (1:k) / k, 0.05, 2) }
