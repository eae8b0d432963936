//! Run-time speed of the library and its peers: the contenders, what they are given, and the groups of
//! figures. Two programs measure: `speed` times, and `heap` counts bytes.

pub mod contenders;
pub mod groups;
pub mod labels;
pub mod measure;
