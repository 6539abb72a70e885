//! What the server says it can do: exactly that (<http://hl7.org/fhir/STU3/capabilitystatement.html>).

use super::reply::now;
use super::searchset::Circumstances;
use super::store::Store;
use super::stored::resource_types;
use super::wire::Wire;
use crate::definitions::search::SearchType;
use crate::fhir::Format;

/// Those that only read come first.
const INTERACTIONS: [&str; 6] = ["read", "vread", "search-type", "update", "delete", "create"];
const READING: usize = 3;
const ON_SYSTEM: [&str; 2] = ["transaction", "batch"];

/// Writes the CapabilityStatement. Elements that only some releases have are written where the
/// definitions have them.
pub(super) fn statement(store: &Store, circumstances: &Circumstances<'_>, format: Format) -> String {
    let writes = !circumstances.read_only;
    let interactions = if writes { &INTERACTIONS[..] } else { &INTERACTIONS[..READING] };
    let types = &store.types;
    let has = |path: &str, element: &str| types.type_named(path).is_some_and(|t| types.child(t, element).is_some());
    let parameters = &store.parameters;
    Wire::resource(format, "CapabilityStatement", |w| {
        w.text("status", "active");
        w.text("date", &now());
        w.text("kind", "instance");
        w.object("software", |w| {
            w.text("name", "keur");
            w.text("version", env!("CARGO_PKG_VERSION"));
        });
        w.object("implementation", |w| {
            w.text("description", "test server with fictitious persons");
            w.text("url", circumstances.base);
        });
        w.text("fhirVersion", types.version().release());
        if has("CapabilityStatement", "acceptUnknown") {
            w.text("acceptUnknown", "both");
        }
        w.texts("format", ["application/fhir+json", "application/fhir+xml"]);
        w.objects("rest", [()], |w, ()| {
            w.text("mode", "server");
            let had = resource_types(types).filter(|name| store.has_type(name));
            w.objects("resource", had, |w, resource_type| {
                w.text("type", resource_type);
                w.objects("interaction", interactions, |w, code| w.text("code", code));
                w.text("versioning", "versioned-update");
                w.bare("updateCreate", writes);
                w.bare("conditionalCreate", writes);
                w.bare("conditionalUpdate", writes);
                w.text("conditionalDelete", if writes { "single" } else { "not-supported" });
                let references = || parameters.of(resource_type).filter(|p| p.ty == SearchType::Reference);
                let includes: Vec<String> = references().map(|p| format!("{resource_type}:{}", p.code)).collect();
                w.texts("searchInclude", includes.iter().map(String::as_str));
                w.objects("searchParam", parameters.of(resource_type), |w, parameter| {
                    w.text("name", &parameter.code);
                    w.text("type", parameter.ty.code());
                });
            });
            w.objects("interaction", ON_SYSTEM.iter().filter(|_| writes), |w, code| w.text("code", code));
        });
    })
}
