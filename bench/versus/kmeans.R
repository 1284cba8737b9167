# R's kmeans for bench/versus: a request a line from standard input, an answer a line. Matrices come and
# go as files of raw numbers, column by column, R's own order.
#   load X START N D K
#   fit ITERATIONS LABELS CENTROIDS   answers with seconds, iterations, inertia
requests <- file("stdin", "r")
repeat {
    line <- readLines(requests, n = 1)
    if (length(line) == 0) break
    words <- strsplit(line, " ", fixed = TRUE)[[1]]
    if (words[1] == "load") {
        n <- as.integer(words[4]); d <- as.integer(words[5]); k <- as.integer(words[6])
        x <- matrix(readBin(words[2], "double", n * d), n, d)
        start <- matrix(readBin(words[3], "double", k * d), k, d)
        cat("answer\n")
    } else {
        began <- Sys.time()
        fit <- suppressWarnings(
            kmeans(x, start, iter.max = as.integer(words[2]), algorithm = "Lloyd"))
        seconds <- as.double(Sys.time() - began, units = "secs")
        writeBin(as.integer(fit$cluster) - 1L, words[3])
        writeBin(as.double(fit$centers), words[4])
        cat(sprintf("answer %.9f %d %.17g\n", seconds, fit$iter, fit$tot.withinss))
    }
    flush(stdout())
}
