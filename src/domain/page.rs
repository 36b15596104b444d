//! Lists a page at a time.

use uuid::Uuid;

/// What is asked for of a list of things that have an id: how many, and from behind which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOf<K = Uuid> {
    pub size: usize,
    /// The key of the last element of the page before; `None` on the first page.
    pub after: Option<K>,
}

impl<K> PageOf<K> {
    /// How many to read: one more than asked for tells whether another page follows.
    pub fn to_read(&self) -> u64 {
        self.size as u64 + 1
    }

    /// The page, from what was read of [`PageOf::to_read`] elements.
    pub fn cut<T>(&self, mut read: Vec<T>, key: impl Fn(&T) -> K) -> Page<T, K> {
        let more = read.len() > self.size;
        read.truncate(self.size);
        let keys: Vec<K> = read.iter().map(&key).collect();
        let next = read.last().filter(|_| more).map(key);
        Page { items: read, next, keys }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K = Uuid> {
    pub items: Vec<T>,
    /// The key that the next page begins behind; `None` at the end.
    pub next: Option<K>,
    /// The keys of the items, behind any of which it may end instead; empty where it must not.
    pub keys: Vec<K>,
}

impl<T, K> Page<T, K> {
    /// One that is answered whole, however large.
    pub fn whole(items: Vec<T>, next: Option<K>) -> Self {
        Self { items, next, keys: Vec::new() }
    }

    /// The page without elements that another of it tells already, and the same next page.
    pub fn told_once(items: Vec<T>, next: Option<K>, key: impl Fn(&T) -> K) -> Self {
        let keys = items.iter().map(key).collect();
        Self { items, next, keys }
    }

    /// Shorter pages of so many elements, one after the other; the last one has the rest. One that must not
    /// end elsewhere stays whole.
    pub fn parts(self, size: usize) -> Vec<Self>
    where
        K: Clone,
    {
        let Self { mut items, next, mut keys } = self;
        let mut parts = Vec::new();
        while items.len() > size && keys.len() > size {
            let rest = (items.split_off(size), keys.split_off(size));
            let next = keys.last().cloned();
            parts.push(Self { items, next, keys });
            (items, keys) = rest;
        }
        parts.push(Self { items, next, keys });
        parts
    }

    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U, K> {
        let Self { items, next, keys } = self;
        Page { items: items.into_iter().map(each).collect(), next, keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_it_is_full_and_says_whether_more_follows() {
        let asked = PageOf { size: 2, after: None };
        let key = |n: &i32| *n;
        assert_eq!(asked.to_read(), 3);
        let page = |items: &[i32], next| Page { items: items.into(), next, keys: items.into() };
        assert_eq!(asked.cut(vec![1, 2, 3], key), page(&[1, 2], Some(2)));
        assert_eq!(asked.cut(vec![1, 2], key), page(&[1, 2], None));
        assert_eq!(asked.cut(vec![], key), page(&[], None));
    }

    #[test]
    fn the_parts_of_a_page_follow_each_other_and_the_last_one_goes_on_as_the_page() {
        let page = |items: &[i32], next| Page { items: items.into(), next, keys: items.into() };
        let parts = |items: &[i32], next| page(items, next).parts(2);
        assert_eq!(parts(&[1, 2, 3], Some(3)), [page(&[1, 2], Some(2)), page(&[3], Some(3))]);
        assert_eq!(parts(&[1, 2, 3, 4], None), [page(&[1, 2], Some(2)), page(&[3, 4], None)]);
        assert_eq!(parts(&[], None), [page(&[], None)]);
        let whole = Page::<i32, i32>::whole(vec![1, 2, 3], None);
        assert_eq!(whole.clone().parts(2), [whole]);
    }
}
