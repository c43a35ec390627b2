//! Optional fields of answers: they are left out, and never `null`.

use utoipa::openapi::{
    OpenApi, RefOr, Schema, Type,
    schema::{Object, SchemaType},
};

/// Schemas of requests, where `null` counts as absent.
const REQUESTS: [&str; 5] = ["OrderRequest", "OrderBody", "CancelFilter", "NewWallet", "Reset"];

/// Removes `null` from the type of every optional field of an answer. A field that is required and may be `null` keeps it.
pub(super) fn never_null(document: &mut OpenApi) {
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.iter_mut());
    for (name, schema) in schemas {
        if !REQUESTS.iter().any(|request| name.starts_with(request)) {
            visit(schema);
        }
    }
}

fn visit(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => visit_fields(object),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(visit),
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(visit),
        _ => {}
    }
}

fn visit_fields(object: &mut Object) {
    for (name, field) in &mut object.properties {
        if !object.required.contains(name) {
            strip(field);
        }
    }
}

fn strip(field: &mut RefOr<Schema>) {
    let null = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    match field {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(types) = &mut object.schema_type {
                types.retain(|of_type| *of_type != Type::Null);
                if let [only] = &types[..] {
                    object.schema_type = SchemaType::Type(only.clone());
                }
            }
        }
        RefOr::T(Schema::OneOf(one)) => {
            one.items.retain(|item| !null(item));
            if let [only] = &mut one.items[..] {
                let mut only = only.clone();
                if let (RefOr::Ref(reference), Some(description)) = (&mut only, one.description.take()) {
                    reference.description = description;
                }
                *field = only;
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let SchemaType::Array(types) = &mut array.schema_type {
                types.retain(|of_type| *of_type != Type::Null);
                if let [only] = &types[..] {
                    array.schema_type = SchemaType::Type(only.clone());
                }
            }
        }
        _ => {}
    }
}
