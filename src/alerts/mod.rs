//! What changed, for whom, until when: identity, life, routing and words of alerts. Knows no rule, no clock.
