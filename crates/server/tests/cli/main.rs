//! The program `dwar` as a person meets it: started in a folder of its own, with arguments, and
//! judged by what it prints, by its exit code and by what it leaves behind.

mod callbacks;
mod demo;
mod projects;
mod rates;
mod serving;
mod signatures;
mod tools;
mod world;
