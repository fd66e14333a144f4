//! What files are known by in the record.

use exports::ExportFile;
use exports::making::digest;

fn file(name: &str, content: &str) -> ExportFile {
    ExportFile { name: name.to_owned(), bytes: content.as_bytes().to_vec() }
}

#[test]
fn files_are_known_by_their_contents_in_the_order_of_their_names() {
    let (one, two) = (file("a-1.csv", "one"), file("a-2.csv", "two"));
    let both: Vec<u8> = ["one", "two"]
        .iter()
        .flat_map(|content| *blake3::hash(content.as_bytes()).as_bytes())
        .collect();
    let expected = blake3::hash(&both).to_string();
    let check = |files: &[&ExportFile], is_same: bool| {
        let files: Vec<ExportFile> = files.iter().map(|file| (*file).clone()).collect();
        assert_eq!(digest(&files).to_string() == expected, is_same, "{files:?}");
    };
    check(&[&one, &two], true);
    check(&[&two, &one], true);
    check(&[&file("b", "one"), &file("c", "two")], true);
    check(&[&file("c", "one"), &file("b", "two")], false);
    check(&[&one], false);
    check(&[&one, &two, &two], false);
    check(&[&one, &file("a-2.csv", "two ")], false);
    check(&[&file("a", "onetwo")], false);
}
