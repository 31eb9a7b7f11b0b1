"""Who answers for whom (管户): staffing, absence, hand-over, claim, referral."""
