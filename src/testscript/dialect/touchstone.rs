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

/// Rules that keur has its own form of. Authors name rules as they like, so the file decides, and the
/// id where the file has another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeRule {
    /// Every query parameter of the request is in the self link of the answer.
    QueryParamsInSelfLink,
    /// The Task of the last response gets another status and becomes a fixture.
    TaskStatus,
    /// The request URL contains one of two texts.
    RequestUrlContains,
}

/// File names without extension, ids, and the rule they are.
static NATIVE: &[(&str, &str, NativeRule)] = &[
    (
        "assert_response_queryParamsInSelfLink",
        "assert-response-queryParamsInSelfLink",
        NativeRule::QueryParamsInSelfLink,
    ),
    ("rewrite-response-taskStatus", "modifyTask", NativeRule::TaskStatus),
    ("assertRequestURLContains", "assertRequestURLContains", NativeRule::RequestUrlContains),
];

impl NativeRule {
    /// The rule that a declaration means.
    pub fn of(declaration: &RuleDeclaration) -> Option<NativeRule> {
        let stem = declaration.path.file_stem().map(|s| s.to_string_lossy().into_owned());
        let by_file = NATIVE.iter().find(|(file, ..)| stem.as_deref() == Some(file));
        // Another file under a known id is another rule, unless no file is named at all.
        let unnamed = declaration.path.as_os_str().is_empty() || declaration.path == Path::new(".");
        let by_id = || NATIVE.iter().find(|(_, id, _)| unnamed && *id == declaration.id);
        by_file.or_else(by_id).map(|(.., rule)| *rule)
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
    use crate::diagnostic::{Position, Source, Span};
    use crate::testscript::model::Place;

    #[test]
    fn a_rule_is_known_by_its_file() {
        let place = Place {
            source: Source { name: "s".into(), text: "".into() },
            span: Span::default(),
            position: Position::default(),
        };
        for (id, path, wanted) in [
            ("any", "x/assert_response_queryParamsInSelfLink.groovy", Some(NativeRule::QueryParamsInSelfLink)),
            ("modifyTask", "x/rewrite-response-taskStatus.groovy", Some(NativeRule::TaskStatus)),
            ("modifyTask", "x/rewrite-response-taskWithAlternativeDate.groovy", None),
            ("assertRequestURLContains", "", Some(NativeRule::RequestUrlContains)),
            ("other", "", None),
        ] {
            let declaration = RuleDeclaration { id: id.into(), path: path.into(), place: place.clone() };
            assert_eq!(NativeRule::of(&declaration), wanted, "{id} {path}");
        }
    }
}
