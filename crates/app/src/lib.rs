//! The verbs of the platform: what it can do, in one place. The only caller of the rules and of the
//! store; HTTP faces, workers, the command line and the simulation all call these.

pub mod ports;
