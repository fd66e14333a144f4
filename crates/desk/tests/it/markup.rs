//! Reads a page back, strictly: every element is closed where it was opened, every attribute is quoted.

use std::collections::BTreeMap;

/// An element of a page.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// Everything that is written in it, elements within it included.
    pub(crate) text: String,
    /// What it stands in, outermost first, as places in the list.
    pub(crate) within: Vec<usize>,
}

const VOID: [&str; 6] = ["meta", "link", "input", "br", "hr", "img"];

impl Element {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    pub(crate) fn is(&self, class: &str) -> bool {
        self.get("class").split(' ').any(|one| one == class)
    }
}

/// The elements of a page, in the order in which they begin.
pub(crate) fn elements(html: &str) -> Vec<Element> {
    let mut rest = html.strip_prefix("<!DOCTYPE html>").unwrap_or(html);
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    while let Some(start) = rest.find('<') {
        let text = unescaped(&rest[..start]);
        open.iter().for_each(|place| found[*place].text.push_str(&text));
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('/') {
            let (name, after) = after.split_once('>').unwrap();
            let place = open.pop().unwrap_or_else(|| panic!("</{name}> closes nothing"));
            assert_eq!(found[place].name, name, "closed what was not opened last");
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '>').unwrap();
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut attributes = BTreeMap::new();
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break;
            }
            let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '=').unwrap();
            let key = rest[..end].to_owned();
            rest = &rest[end..];
            let value = match rest.strip_prefix("=\"") {
                Some(after) => {
                    let (value, after) = after.split_once('"').unwrap();
                    rest = after;
                    unescaped(value)
                }
                None => {
                    assert!(!rest.starts_with('='), "{key} of {name} is not quoted");
                    String::new()
                }
            };
            assert!(attributes.insert(key.clone(), value).is_none(), "{name} has {key} twice");
        }
        let within = open.clone();
        if !VOID.contains(&name.as_str()) {
            open.push(found.len());
        }
        found.push(Element { name, attributes, text: String::new(), within });
    }
    assert!(open.is_empty(), "not closed: {:?}", open.iter().map(|place| &found[*place].name));
    found
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains('>'), "a bare > in {text:?}");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}

/// Whatever of that name and class there is.
pub(crate) fn of_class<'a>(page: &'a [Element], name: &str, class: &str) -> Vec<&'a Element> {
    page.iter().filter(|element| element.name == name && element.is(class)).collect()
}

/// The element of that id.
pub(crate) fn by_id<'a>(page: &'a [Element], id: &str) -> &'a Element {
    page.iter().find(|element| element.get("id") == id).unwrap_or_else(|| panic!("no #{id}"))
}
