//! Run-time speed of the library and its peers: the contenders, their labels and values, and the
//! groups of figures. Two programs measure: `speed` measures time, and `heap` counts bytes.

pub mod contenders;
pub mod groups;
pub mod labels;
pub mod measure;
