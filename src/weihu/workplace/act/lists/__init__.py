"""The fixed lists (名单, M14): inter-branch, money of the day, maturities and the like, of any of the last days."""
