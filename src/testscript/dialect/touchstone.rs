//! Touchstone (AEGIS): rules, and the older way to end a test on failure.

use std::path::Path;

use super::{Extension, Meaning, inner, inner_text, value};
use crate::fhir::NodeRef;
use crate::testscript::model::RuleDeclaration;

pub(super) static EXTENSIONS: &[Extension] = &[
    Extension {
        url: "http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition/testscript-rule",
        on: &["TestScript"],
        meaning: Meaning::RuleDeclaration,
    },
    Extension {
        url: "http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition/testscript-assert-rule",
        on: &["assert"],
        meaning: Meaning::RuleCall,
    },
    Extension {
        url: "http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition/testscript-assert-stopTestOnFail",
        on: &["assert"],
        meaning: Meaning::StopTestOnFail,
    },
];

/// Rules that keur has its own form of: what they do, not how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeRule {
    /// Every query parameter of the request is in the self link of the answer.
    QueryParamsInSelfLink,
    /// The Task of a response gets another status and becomes a fixture.
    TaskStatus,
    /// The Task of a response is put on hold with another date proposed, and becomes a fixture.
    TaskAlternativeDate,
    /// The request URL contains one of two texts.
    RequestUrlContains,
}

/// A rule as it was published.
#[derive(Debug)]
pub struct PublishedRule {
    /// What it does.
    pub rule: NativeRule,
    /// What scripts call it (`ruleId`).
    pub id: &'static str,
    /// Name of its file, without the extension.
    pub stem: &'static str,
    /// SHA-256 of its files. They differ between script sets in ways that do not matter.
    pub files: &'static [&'static str],
}

/// The one list of rules that keur knows.
static PUBLISHED: [PublishedRule; 4] = [
    PublishedRule {
        rule: NativeRule::QueryParamsInSelfLink,
        id: "assert-response-queryParamsInSelfLink",
        stem: "assert_response_queryParamsInSelfLink",
        files: &["11d6aa8d448e8a041136fa24de0a1383682a51695e16c033c1d9a97fa008d2db"],
    },
    PublishedRule {
        rule: NativeRule::TaskStatus,
        id: "modifyTask",
        stem: "rewrite-response-taskStatus",
        files: &["e94553967c53246abcf5dfdc56c79e50e16ab2a8732dbeefc17881bc29447e09"],
    },
    PublishedRule {
        rule: NativeRule::TaskAlternativeDate,
        id: "taskWithAlternativeDate",
        stem: "rewrite-response-taskWithAlternativeDate",
        files: &[
            "1c2a374bfcc5c5b0467501e6cf61c6e9aff11534cc72f401aa1a917536889112",
            "1853d29d3acf8103eb708729facdf21a0d24d245aaba5387582f3a03483ae141",
        ],
    },
    PublishedRule {
        rule: NativeRule::RequestUrlContains,
        id: "assertRequestURLContains",
        stem: "assertRequestURLContains",
        files: &[
            "d170bb53dcd37c543829b1b1b76f2e6c659997139a19dbae159d0238fad8eb82",
            "869226cf2a4f495472b34cd514283909448ff8ac8493e9893a007877624b3753",
        ],
    },
];

impl NativeRule {
    /// Every rule as it was published.
    pub fn published() -> &'static [PublishedRule] {
        &PUBLISHED
    }

    /// The rule whose file has this SHA-256, in lower-case hexadecimal.
    pub fn with_hash(sha256: &str) -> Option<NativeRule> {
        PUBLISHED.iter().find(|published| published.files.contains(&sha256)).map(|published| published.rule)
    }

    /// The rule that the name of a file means, else the one that an id means. Authors name rules as they
    /// like, so the file goes first.
    pub fn named(id: &str, path: &Path) -> Option<NativeRule> {
        let by_file = |p: &&PublishedRule| path.file_stem().is_some_and(|stem| stem == p.stem);
        let by_id = || PUBLISHED.iter().find(|published| published.id == id);
        PUBLISHED.iter().find(by_file).or_else(by_id).map(|published| published.rule)
    }

    /// The rule that a declaration means, as far as names tell.
    pub fn of(declaration: &RuleDeclaration) -> Option<NativeRule> {
        NativeRule::named(&declaration.id, &declaration.path)
    }
}

/// Id and path of a declared rule.
pub(in crate::testscript) fn declaration(extension: NodeRef<'_>) -> (Option<&str>, Option<&str>) {
    (inner_text(extension, "ruleId"), inner_text(extension, "path"))
}

/// A parameter of a call: its name, and the node that holds its value.
pub(in crate::testscript) type Parameter<'d> = (&'d str, Option<NodeRef<'d>>);

/// Id of the rule that is called.
pub(in crate::testscript) fn called(extension: NodeRef<'_>) -> Option<NodeRef<'_>> {
    inner(extension, "ruleId").next().and_then(value)
}

/// The parameters of a call, in order.
pub(in crate::testscript) fn parameters(extension: NodeRef<'_>) -> impl Iterator<Item = Parameter<'_>> {
    inner(extension, "param")
        .map(|param| (inner_text(param, "name").unwrap_or_default(), inner(param, "value").next().and_then(value)))
}

/// Name and content type of each output of a call.
pub(in crate::testscript) fn outputs(extension: NodeRef<'_>) -> impl Iterator<Item = (&str, Option<&str>)> {
    inner(extension, "output")
        .filter_map(|output| Some((inner_text(output, "name")?, inner_text(output, "contentType"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_file() {
        for (id, path, wanted) in [
            ("any", "x/assert_response_queryParamsInSelfLink.groovy", Some(NativeRule::QueryParamsInSelfLink)),
            ("modifyTask", "x/rewrite-response-taskStatus.groovy", Some(NativeRule::TaskStatus)),
            ("any", "../rules/rewrite-response-taskWithAlternativeDate.groovy", Some(NativeRule::TaskAlternativeDate)),
            ("modifyTask", "x/rewrite-response-taskWithAlternativeDate.groovy", Some(NativeRule::TaskAlternativeDate)),
            ("modifyTask", "x/other.groovy", Some(NativeRule::TaskStatus)),
            ("any", "x/other.groovy", None),
            ("assertRequestURLContains", "", Some(NativeRule::RequestUrlContains)),
            ("modifyTask", ".", Some(NativeRule::TaskStatus)),
            ("other", "", None),
        ] {
            assert_eq!(NativeRule::named(id, Path::new(path)), wanted, "{id} {path}");
        }
    }

    #[test]
    fn every_hash_is_one_and_belongs_to_one_rule() {
        let hashes: Vec<&str> = PUBLISHED.iter().flat_map(|published| published.files).copied().collect();
        assert_eq!(hashes.len(), 6);
        assert!(hashes.iter().all(|h| h.len() == 64 && h.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))));
        assert!(hashes.iter().enumerate().all(|(i, h)| !hashes[..i].contains(h)));
        assert_eq!(NativeRule::with_hash(hashes[1]), Some(NativeRule::TaskStatus));
        assert_eq!(NativeRule::with_hash("00"), None);
    }
}
