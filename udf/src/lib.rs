//! Engines for user-defined functions behind one trait.
