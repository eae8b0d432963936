//! Facts about the type of a collector: whether the samples can change while it is registered,
//! whether collecting them can block, and the families that it declares.

use std::marker::PhantomData;

use crate::collect::{Declared, Desc};

/// The families of a type, and whether values can have further ones.
pub(crate) type DeclaredFamilies = (Vec<Desc>, bool);

/// Says whether samples can change, see [`Collect::liveness`](crate::collect::Collect::liveness).
pub trait Liveness {
    /// Whether the samples can change.
    const IS_LIVE: bool;

    /// Whether collecting only reads memory, and runs no code of an author.
    const NEVER_BLOCKS: bool = false;

    /// Returns the families, if the type declares them.
    fn families() -> Option<DeclaredFamilies> {
        None
    }
}

/// The liveness of a collector that is written by hand: its samples may change.
pub struct Live;

impl Liveness for Live {
    const IS_LIVE: bool = true;
}

/// The liveness of a collector of this library that only reads memory.
#[cfg_attr(not(feature = "server"), expect(dead_code, reason = "for a server only"))]
pub(crate) struct InMemory;

impl Liveness for InMemory {
    const IS_LIVE: bool = true;
    const NEVER_BLOCKS: bool = true;
}

/// The liveness of a [`Declared`] collector.
pub struct OfDeclared<T>(PhantomData<T>);

impl<T: Declared> Liveness for OfDeclared<T> {
    const IS_LIVE: bool = T::IS_LIVE;
    const NEVER_BLOCKS: bool = T::NEVER_BLOCKS;

    fn families() -> Option<DeclaredFamilies> {
        Some((T::declared(), T::HAS_DYNAMIC))
    }
}

/// Returns the liveness of `T`.
pub fn of_declared<T: Declared>() -> OfDeclared<T> {
    OfDeclared(PhantomData)
}

/// Returns whether the samples can change. It does not call `_liveness`: the return type is enough.
pub(crate) const fn is_live<L: Liveness>(_liveness: fn() -> L) -> bool {
    L::IS_LIVE
}

/// Returns whether collecting never blocks. It does not call `_liveness`.
pub(crate) const fn never_blocks<L: Liveness>(_liveness: fn() -> L) -> bool {
    L::NEVER_BLOCKS
}

/// Returns the families that the type of a collector declares. It does not call `_liveness`.
pub(crate) fn families<L: Liveness>(_liveness: fn() -> L) -> Option<DeclaredFamilies> {
    L::families()
}
