//! Generational keys: a removed item's id never reaches a later one.

use std::marker::PhantomData;

/// A key into a `Table`; stale keys find nothing.
pub struct Id<T> {
    index: u32,
    generation: u32,
    what: PhantomData<fn() -> T>,
}

/// Items of one kind, found by their [`Id`] in constant time.
pub(crate) struct Table<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    item: Option<T>,
}

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn insert(&mut self, item: T) -> Id<T> {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.item = Some(item);
            return Id::new(index, slot.generation);
        }
        let index = self.slots.len() as u32;
        self.slots.push(Slot { generation: 1, item: Some(item) });
        Id::new(index, 1)
    }

    pub(crate) fn remove(&mut self, id: Id<T>) -> Option<T> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        let item = slot.item.take()?;
        slot.generation = slot.generation.wrapping_add(1).max(1);
        self.free.push(id.index);
        Some(item)
    }

    pub(crate) fn get(&self, id: Id<T>) -> Option<&T> {
        let slot = self.slots.get(id.index as usize)?;
        slot.item.as_ref().filter(|_| slot.generation == id.generation)
    }

    pub(crate) fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        let slot = self.slots.get_mut(id.index as usize)?;
        let fresh = slot.generation == id.generation;
        slot.item.as_mut().filter(|_| fresh)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Id<T>> + '_ {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.item.is_some())
            .map(|(index, slot)| Id::new(index as u32, slot.generation))
    }
}

impl<T> Id<T> {
    /// An id that never finds anything.
    pub(crate) const NONE: Self = Self { index: u32::MAX, generation: 0, what: PhantomData };

    fn new(index: u32, generation: u32) -> Self {
        Self { index, generation, what: PhantomData }
    }

    /// The id as a number, to be given away and found again.
    pub(crate) fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self { index: bits as u32, generation: (bits >> 32) as u32, what: PhantomData }
    }

    #[cfg(test)]
    pub(crate) fn from_index(index: u32) -> Self {
        Self::new(index, 1)
    }

    /// Where the item stands in its table: small, dense, used again after removal.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.generation == other.generation
    }
}

impl<T> Eq for Id<T> {}

impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (u64::from(self.index) << 32 | u64::from(self.generation)).hash(state);
    }
}

impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}.{}", self.index, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_id_finds_nothing() {
        let mut table = Table::new();
        let first = table.insert("a");
        assert_eq!(table.remove(first), Some("a"));
        let second = table.insert("b");
        assert_eq!(second.index(), first.index());
        assert_eq!(table.get(first), None);
        assert_eq!(table.remove(first), None);
        assert_eq!(table.get(second), Some(&"b"));
        assert_eq!(table.len(), 1);
        assert_eq!(table.ids().collect::<Vec<_>>(), [second]);
    }
}
