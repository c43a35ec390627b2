//! The guides of `docs`, as pages under `/docs/`.

use std::fmt::Write;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../docs"]
struct Guides;

/// Guides in the order of the navigation: address, title, for whom.
const NAVIGATION: [(&str, &[(&str, &str)]); 3] = [
    (
        "Traders",
        &[
            ("TUTORIAL", "Tutorial"),
            ("CONCEPTS", "Concepts"),
            ("DASHBOARD", "Dashboard"),
            ("TERMINAL", "Command line"),
            ("PAPER", "Paper market"),
            ("GLOSSARY", "Glossary"),
        ],
    ),
    (
        "Integrators",
        &[("API", "API"), ("STREAMS", "Streams"), ("MESSAGES", "Messages"), ("RELIABILITY", "Reliability")],
    ),
    (
        "Operators",
        &[
            ("CONFIGURATION", "Configuration"),
            ("DEPLOYMENT", "Deployment"),
            ("OPERATIONS", "Operations"),
            ("BACKUP", "Backup"),
            ("PERFORMANCE", "Performance"),
            ("FAQ", "FAQ"),
            ("CHANGELOG", "Changelog"),
        ],
    ),
];

/// A picture of the guides.
pub(crate) fn picture(name: &str) -> Option<EmbeddedFile> {
    Guides::get(&format!("images/{name}"))
}

/// The page of a guide; `None` if there is none of this name.
pub(crate) fn page(template: &str, name: &str) -> Option<String> {
    let file = guide(name)?;
    let text = String::from_utf8_lossy(&file.data);
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(name);
    let page = template.replace("{title}", &escaped(title));
    let page = page.replace("{navigation}", &navigation(name));
    Some(page.replace("{guide}", &rendered(&text)))
}

/// A guide for users; those in folders are about the inside.
fn guide(name: &str) -> Option<EmbeddedFile> {
    if name.contains('/') { None } else { Guides::get(&format!("{name}.md")) }
}

fn navigation(current: &str) -> String {
    let mut links = String::new();
    for (audience, guides) in NAVIGATION {
        // writing to a String cannot fail
        let _ = write!(links, "<span class=\"group\">{audience}</span>");
        for (name, title) in guides {
            let here = if *name == current { " aria-current=\"page\"" } else { "" };
            let _ = write!(links, "<a href=\"./{name}\"{here}>{title}</a>");
        }
    }
    links
}

/// The guide as markup. The guides are our own, so that no markup in them has to be kept out.
fn rendered(text: &str) -> String {
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES);
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut dead_links = Vec::new();
    for event in parser {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let target = target(&dest_url);
                dead_links.push(target.is_none());
                if let Some(dest_url) = target {
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
            }
            Event::End(TagEnd::Link) => {
                if dead_links.pop() == Some(false) {
                    events.push(Event::End(TagEnd::Link));
                }
            }
            event => events.push(event),
        }
    }
    let mut page = String::new();
    html::push_html(&mut page, with_anchors(events).into_iter());
    page
}

/// Where a link of a guide leads on these pages; `None` if only the repository has it.
fn target(link: &str) -> Option<CowStr<'static>> {
    if link.starts_with('#') || link.contains("://") {
        return Some(link.to_owned().into());
    }
    let (path, anchor) =
        link.split_once('#').map_or((link, String::new()), |(path, anchor)| (path, format!("#{anchor}")));
    match path.strip_suffix(".md") {
        Some(name) if guide(name).is_some() => Some(format!("./{name}{anchor}").into()),
        _ if path == "openapi.json" => Some("../api/openapi.json".into()),
        _ => None,
    }
}

/// Headings with the ids that links name, as code hosts make them.
fn with_anchors(mut events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    for start in 0..events.len() {
        if !matches!(events[start], Event::Start(Tag::Heading { .. })) {
            continue;
        }
        let title: String = events[start..]
            .iter()
            .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
                _ => None,
            })
            .collect();
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[start] {
            *id = Some(anchor(&title).into());
        }
    }
    events
}

fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|char| if char == ' ' { '-' } else { char }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guide_of_the_navigation_is_there_and_its_links_lead_somewhere() {
        for (name, _) in NAVIGATION.iter().flat_map(|(_, guides)| guides.iter()).chain([&("README", "")]) {
            let page = page("{title}|{guide}", name).unwrap_or_else(|| panic!("no guide {name}"));
            for link in page.split("href=\"./").skip(1).filter_map(|rest| rest.split('"').next()) {
                let (guide, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = self::page("{guide}", guide).unwrap_or_else(|| panic!("{name} links to {link}"));
                assert!(
                    anchor.is_empty() || target.contains(&format!("id=\"{anchor}\"")),
                    "{name} links to {link}"
                );
            }
            assert!(!page.contains(".md\""), "{name}");
        }
        assert!(page("{guide}", "internals/DESIGN").is_none() && page("{guide}", "../README").is_none());
    }

    #[test]
    fn links_that_only_the_repository_has_are_text() {
        assert_eq!(
            rendered("[here](../deploy/nginx.conf) [c](CONCEPTS.md#a)"),
            "<p>here <a href=\"./CONCEPTS#a\">c</a></p>\n"
        );
    }
}
