//! The commands against what a Redis 7.0.15 answers.
