//! Schemas that generators of clients understand: objects instead of `allOf`, and a name for each variant of a
//! union, which its discriminator maps to.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// Unions whose variants are told apart by a property, and what their names end with.
const UNIONS: [(&str, &str, &str); 2] =
    [("EventData", "kind", "Event"), ("Instruction", "instruction", "Instruction")];
/// A union whose variants have one property each.
const BOUND: &str = "SlippageBound";
/// Formats of integers as they are registered.
const FORMATS: [(&str, &str); 4] =
    [("u-int8", "uint8"), ("u-int16", "uint16"), ("u-int32", "uint32"), ("u-int64", "uint64")];

/// The same document with plain schemas.
pub(super) fn plain(document: &OpenApi) -> OpenApi {
    let rewritten = serde_json::to_value(document).ok().and_then(|mut value| {
        rename_formats(&mut value);
        let schemas = value.pointer_mut("/components/schemas")?.as_object_mut()?;
        for (union, tag, suffix) in UNIONS {
            name_variants(schemas, union, |variant| {
                Some(format!("{}{suffix}", camel(tag_of(variant, tag)?)))
            });
            map_variants(schemas, union, tag);
        }
        name_variants(schemas, BOUND, |variant| Some(camel(variant["required"][0].as_str()?)));
        flatten(schemas);
        serde_json::from_value(value).ok()
    });
    rewritten.unwrap_or_else(|| document.clone()) // a test checks that it can be rewritten
}

/// Makes every variant of a union a schema of its own.
fn name_variants(schemas: &mut Map<String, Value>, union: &str, name: impl Fn(&Value) -> Option<String>) {
    let Some(variants) = schemas.get(union).and_then(|schema| schema["oneOf"].as_array()).cloned() else {
        return;
    };
    let mut references = Vec::new();
    for variant in variants {
        let variant = merged(&variant, schemas);
        let Some(name) = name(&variant) else { return };
        references.push(reference(&name));
        schemas.insert(name, variant);
    }
    schemas[union]["oneOf"] = references.into();
}

fn map_variants(schemas: &mut Map<String, Value>, union: &str, tag: &str) {
    let variants = schemas[union]["oneOf"].as_array().into_iter().flatten();
    let mapping: Map<String, Value> = variants
        .filter_map(|variant| {
            let schema = referenced(variant, schemas)?;
            Some((tag_of(schema, tag)?.to_owned(), variant["$ref"].clone()))
        })
        .collect();
    schemas[union]["discriminator"] = json!({ "propertyName": tag, "mapping": mapping });
}

/// Turns every schema that is made of several into one object.
fn flatten(schemas: &mut Map<String, Value>) {
    let composed: Vec<String> = schemas
        .iter()
        .filter(|(_, schema)| schema.get("allOf").is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for name in composed {
        let schema = merged(&schemas[&name], schemas);
        schemas[&name] = schema;
    }
}

/// One object with the properties of all parts. Of a union every property is optional unless all variants
/// require it.
fn merged(schema: &Value, schemas: &Map<String, Value>) -> Value {
    if let Some(schema) = referenced(schema, schemas) {
        return merged(schema, schemas);
    }
    let Some(parts) = schema["allOf"].as_array().or(schema["oneOf"].as_array()) else {
        return schema.clone();
    };
    let is_union = schema.get("oneOf").is_some();
    let mut properties = Map::new();
    let mut required: Option<BTreeSet<String>> = None;
    for part in parts.iter().map(|part| merged(part, schemas)) {
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        let names = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        required = Some(match required {
            None => names,
            Some(known) if is_union => known.intersection(&names).cloned().collect(),
            Some(known) => known.union(&names).cloned().collect(),
        });
    }
    let mut object = json!({
        "type": "object", "properties": properties, "required": required.unwrap_or_default(),
    });
    if let Some(description) = schema.get("description") {
        object["description"] = description.clone();
    }
    object
}

fn referenced<'a>(schema: &Value, schemas: &'a Map<String, Value>) -> Option<&'a Value> {
    schemas.get(schema["$ref"].as_str()?.rsplit('/').next()?)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn tag_of<'a>(variant: &'a Value, tag: &str) -> Option<&'a str> {
    variant["properties"][tag]["enum"][0].as_str()
}

/// `wrap_sol` and `minAmountOut` as `WrapSol` and `MinAmountOut`.
fn camel(name: &str) -> String {
    let words = name.split('_').filter_map(|word| Some((word.get(..1)?, word.get(1..)?)));
    words.map(|(first, rest)| first.to_uppercase() + rest).collect()
}

fn rename_formats(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(format)) = fields.get_mut("format")
                && let Some((_, registered)) = FORMATS.iter().find(|(name, _)| name == format)
            {
                *format = (*registered).to_owned();
            }
            fields.values_mut().for_each(rename_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(rename_formats),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_one_object_and_unions_make_their_properties_optional() {
        let schemas = json!({
            "Bound": { "oneOf": [
                { "type": "object", "properties": { "min": {} }, "required": ["min"] },
                { "type": "object", "properties": { "max": {} }, "required": ["max"] },
            ] },
            "Event": { "description": "What.", "allOf": [
                { "$ref": "#/components/schemas/Bound" },
                { "type": "object", "properties": { "kind": {} }, "required": ["kind"] },
            ] },
        });
        let mut schemas = schemas.as_object().unwrap().clone();
        flatten(&mut schemas);
        assert_eq!(
            schemas["Event"],
            json!({
                "type": "object", "description": "What.",
                "properties": { "min": {}, "max": {}, "kind": {} }, "required": ["kind"],
            })
        );
        assert_eq!(
            (camel("wrap_sol"), camel("minAmountOut")),
            ("WrapSol".to_owned(), "MinAmountOut".to_owned())
        );
    }
}
