//! What names people of customers.

/// What names contacts by their ids, so that the ids of merged ones can give way to those of whom they
/// count as.
pub trait NamesContacts {
    /// Hands over each id.
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String));

    /// Leaves once what stands in it twice since two are one.
    fn settle(&mut self) {}
}
