//! How a signature looks: profiles of Nghị định 30, font subsets with Vietnamese.
