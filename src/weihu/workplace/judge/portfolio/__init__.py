"""Who is responsible for which customers (管户): staffing, absence, hand-over, claim, referral."""
