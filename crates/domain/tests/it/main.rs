//! The rules from outside: tables that a reviewer reads as the specification, and properties
//! that must hold after every step of any history.

#[cfg(test)]
mod books;
#[cfg(test)]
mod conversions;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod table;
#[cfg(test)]
mod transitions;
#[cfg(test)]
mod work;
#[cfg(test)]
mod world;
