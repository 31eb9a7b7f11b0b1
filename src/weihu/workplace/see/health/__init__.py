"""Whether the installation is well: alarms, figures for the bank's monitoring, and what is unsafe in its settings."""
