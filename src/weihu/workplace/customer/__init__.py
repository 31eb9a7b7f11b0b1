"""The one page of a customer, and the one record of everything that is kept of one."""
