//! Rule codes of the validator: KEUR4000 to KEUR4199.

use crate::diagnostic::Code;

/// The resource type is not one of the release.
pub const UNKNOWN_RESOURCE: Code = Code(4000);
/// The element is not one of the type.
pub const UNKNOWN_ELEMENT: Code = Code(4001);
/// The text is not a value of the type.
pub const PRIMITIVE: Code = Code(4002);
/// An element without value and content.
pub const EMPTY: Code = Code(4003);
/// The representation is not FHIR JSON or XML.
pub const REPRESENTATION: Code = Code(4004);
/// A value on an element that has none, or children on one that has a value.
pub const SHAPE: Code = Code(4005);
/// Narrative that holds what it may not.
pub const NARRATIVE: Code = Code(4006);
/// An XML element out of order.
pub const ORDER: Code = Code(4007);
/// Too few occurrences.
pub const MINIMUM: Code = Code(4010);
/// Too many occurrences.
pub const MAXIMUM: Code = Code(4011);
/// A type that the element may not have.
pub const TYPE: Code = Code(4012);
/// Not the fixed value.
pub const FIXED: Code = Code(4013);
/// Not the pattern.
pub const PATTERN: Code = Code(4014);
/// Below the lowest or above the highest value.
pub const RANGE: Code = Code(4015);
/// Longer than allowed.
pub const LENGTH: Code = Code(4016);
/// In no slice, where the slicing is closed.
pub const CLOSED_SLICING: Code = Code(4020);
/// In more than one slice.
pub const AMBIGUOUS_SLICE: Code = Code(4021);
/// Too few in a slice.
pub const SLICE_MINIMUM: Code = Code(4022);
/// Too many in a slice.
pub const SLICE_MAXIMUM: Code = Code(4023);
/// Slices out of order.
pub const SLICE_ORDER: Code = Code(4024);
/// A slicing whose discriminator decides nothing.
pub const UNDECIDED_SLICING: Code = Code(4025);
/// A code outside its required value set.
pub const REQUIRED_BINDING: Code = Code(4030);
/// A code outside its extensible value set.
pub const EXTENSIBLE_BINDING: Code = Code(4031);
/// A code that its code system does not have.
pub const UNKNOWN_CODE: Code = Code(4032);
/// A code system that no package knows.
pub const UNKNOWN_CODE_SYSTEM: Code = Code(4033);
/// A system that is not an absolute URI.
pub const RELATIVE_SYSTEM: Code = Code(4034);
/// A reference that is none.
pub const REFERENCE_FORM: Code = Code(4040);
/// A reference to a type it may not go to.
pub const REFERENCE_TARGET: Code = Code(4041);
/// A reference that does not resolve where it must.
pub const REFERENCE_UNRESOLVED: Code = Code(4042);
/// A reference kept where it may not be (aggregation).
pub const REFERENCE_AGGREGATION: Code = Code(4043);
/// A reference to a resource that does not conform to the profile asked for.
pub const REFERENCE_PROFILE: Code = Code(4044);
/// A contained resource that nothing can refer to.
pub const CONTAINED_ID: Code = Code(4045);
/// An extension that no package defines.
pub const UNKNOWN_EXTENSION: Code = Code(4050);
/// An extension where it may not stand.
pub const EXTENSION_CONTEXT: Code = Code(4051);
/// A modifier extension among the others, or the other way round.
pub const EXTENSION_MODIFIER: Code = Code(4052);
/// An extension without url, or whose url is not absolute.
pub const EXTENSION_URL: Code = Code(4053);
/// A broken invariant.
pub const INVARIANT: Code = Code(4060);
/// An invariant that could not be evaluated.
pub const INVARIANT_ERROR: Code = Code(4061);
/// A profile that no package has.
pub const UNKNOWN_PROFILE: Code = Code(4070);
/// A profile on another type.
pub const PROFILE_TYPE: Code = Code(4071);
/// A rule of Bundles.
pub const BUNDLE: Code = Code(4080);

/// A row of the table: what `keur explain` tells.
pub struct Rule {
    /// The code.
    pub code: Code,
    /// Title, English and Dutch.
    pub title: [&'static str; 2],
    /// What to do, English and Dutch.
    pub remedy: [&'static str; 2],
}
