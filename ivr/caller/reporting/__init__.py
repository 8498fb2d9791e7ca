"""Reports the results of runs: in the terminal, as JUnit XML, as a page."""
