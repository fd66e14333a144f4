//! What a process did to files, read from a trace of its system calls.
//!
//! `strace -f -y -xx` prints a call on one line, or, when another thread came in between, its beginning
//! (`<unfinished ...>`) and its end (`<... name resumed>`) on two. What a call changes it may change from its
//! beginning on; what it promises it promises at its end.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The calls that change files or promise something, and `write` for the acknowledgements.
pub(crate) const CALLS: &str = "trace=openat,write,pwrite64,writev,pwritev,fdatasync,fsync,ftruncate,truncate,\
rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,close,lseek,copy_file_range,sendfile,\
fallocate,link,linkat,symlink";

/// One step in the order in which things happened.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The file is there from now on, empty if it was not.
    Create {
        path: PathBuf,
        truncate: bool,
    },
    MakeDir {
        path: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    /// Bytes may be on their way from now on; `call` names it.
    Write {
        call: usize,
        path: PathBuf,
        at: u64,
        bytes: Vec<u8>,
    },
    SetLen {
        call: usize,
        path: PathBuf,
        length: u64,
    },
    /// A part of a file was copied into another by the kernel.
    Copy {
        call: usize,
        from: PathBuf,
        from_at: u64,
        path: PathBuf,
        at: u64,
        length: u64,
    },
    /// The write has returned.
    Written {
        call: usize,
    },
    /// A sync began: it covers what was written before.
    SyncBegins {
        call: usize,
        path: PathBuf,
    },
    /// It returned without an error.
    Synced {
        call: usize,
    },
    /// A line was said to the world.
    Said(String),
}

/// Reads a trace, keeping what concerns files below `root`.
pub(crate) fn read(trace: &str, root: &Path) -> Vec<Step> {
    let mut reader = Reader { root: root.to_owned(), ..Reader::default() };
    for line in trace.lines() {
        reader.line(line);
    }
    reader.steps
}

#[derive(Default)]
struct Reader {
    root: PathBuf,
    steps: Vec<Step>,
    calls: usize,
    /// Calls that have begun, by thread: name, arguments, number.
    begun: HashMap<String, (String, String, usize)>,
    /// Where `write` goes on, by descriptor.
    offsets: BTreeMap<i32, u64>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let Some((thread, rest)) = line.split_once(' ') else { return };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((name, args, call)) = self.begun.remove(thread) else { return };
            assert!(resumed.starts_with(&name), "{line}");
            let (_, result) = resumed.rsplit_once(" = ").expect("a call that ended has a result");
            self.ends(&name, &args, call, result);
        } else if let Some((name, args)) = rest.split_once('(') {
            self.calls += 1;
            let call = self.calls;
            if let Some(args) = args.strip_suffix(" <unfinished ...>") {
                self.begins(name, args, call);
                self.begun.insert(thread.to_owned(), (name.to_owned(), args.to_owned(), call));
            } else if let Some((args, result)) = args.rsplit_once(" = ") {
                let args = args.trim_end().strip_suffix(')').expect("a call ends with a bracket");
                self.begins(name, args, call);
                self.ends(name, args, call, result);
            }
        }
    }

    fn begins(&mut self, name: &str, args: &str, call: usize) {
        let parts: Vec<&str> = args.split(", ").collect();
        match name {
            "write" | "pwrite64" => {
                let (fd, path) = descriptor(parts[0]);
                let bytes = text(parts[1]);
                if fd == 1 {
                    let said = String::from_utf8(bytes).expect("what is said is text");
                    self.steps.extend(said.lines().map(|line| Step::Said(line.to_owned())));
                    return;
                }
                let Some(path) = self.ours(path) else { return };
                let at = match parts.get(3) {
                    Some(at) => at.parse().expect("an offset"),
                    None => {
                        let offset = self.offsets.entry(fd).or_default();
                        *offset += bytes.len() as u64;
                        *offset - bytes.len() as u64
                    }
                };
                self.steps.push(Step::Write { call, path, at, bytes });
            }
            "ftruncate" => {
                let length = parts[1].parse().expect("a length");
                let path = self.ours(descriptor(parts[0]).1);
                self.steps.extend(path.map(|path| Step::SetLen { call, path, length }));
            }
            "fdatasync" | "fsync" => {
                let path = self.ours(descriptor(parts[0]).1);
                self.steps.extend(path.map(|path| Step::SyncBegins { call, path }));
            }
            _ => {}
        }
    }

    fn ends(&mut self, name: &str, args: &str, call: usize, result: &str) {
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        let parts: Vec<&str> = args.split(", ").collect();
        match name {
            "write" | "pwrite64" | "ftruncate" => self.steps.push(Step::Written { call }),
            "fdatasync" | "fsync" => self.steps.push(Step::Synced { call }),
            "openat" => {
                self.offsets.insert(descriptor(result).0, 0);
                let path = self.ours(at(parts[0], parts[1]));
                if let Some(path) = path.filter(|_| parts[2].contains("O_CREAT")) {
                    self.steps.push(Step::Create { path, truncate: parts[2].contains("O_TRUNC") });
                }
            }
            "copy_file_range" => {
                let length = result.parse().expect("a length");
                let mut part = |part: &str| {
                    let (fd, path) = descriptor(part);
                    let offset = self.offsets.entry(fd).or_default();
                    *offset += length;
                    (path, *offset - length)
                };
                let ((from, from_at), (path, at)) = (part(parts[0]), part(parts[2]));
                assert!(parts[1] == "NULL" && parts[3] == "NULL", "{name}({args})");
                if let (Some(path), true) = (self.ours(path), length > 0) {
                    self.steps.push(Step::Copy { call, from, from_at, path, at, length });
                    self.steps.push(Step::Written { call });
                }
            }
            "lseek" => {
                let offset = result.parse().expect("an offset");
                self.offsets.insert(descriptor(parts[0]).0, offset);
            }
            "close" => {
                self.offsets.remove(&descriptor(parts[0]).0);
            }
            "mkdir" => self.on(path(parts[0]), |path| Step::MakeDir { path }),
            "mkdirat" => self.on(at(parts[0], parts[1]), |path| Step::MakeDir { path }),
            "unlink" | "rmdir" => self.on(path(parts[0]), |path| Step::Remove { path }),
            "unlinkat" => self.on(at(parts[0], parts[1]), |path| Step::Remove { path }),
            "rename" => {
                let to = path(parts[1]);
                self.on(path(parts[0]), |from| Step::Rename { from, to });
            }
            "renameat" | "renameat2" => {
                let to = at(parts[2], parts[3]);
                self.on(at(parts[0], parts[1]), |from| Step::Rename { from, to });
            }
            _ => {
                let ours = parts.iter().any(|part| args_path(part).starts_with(&self.root));
                assert!(!ours, "the model does not know {name}({args})");
            }
        }
    }

    fn on(&mut self, path: PathBuf, step: impl FnOnce(PathBuf) -> Step) {
        self.steps.extend(self.ours(path).map(step));
    }

    fn ours(&self, path: PathBuf) -> Option<PathBuf> {
        (path.starts_with(&self.root) && !path.to_string_lossy().ends_with(" (deleted)"))
            .then_some(path)
    }
}

/// `5</path>`: the number and the path.
fn descriptor(part: &str) -> (i32, PathBuf) {
    let (fd, path) = part.trim().split_once('<').unwrap_or((part.trim(), ""));
    (fd.parse().unwrap_or(-1), PathBuf::from(unescape(path.trim_end_matches('>'))))
}

fn path(part: &str) -> PathBuf {
    PathBuf::from(String::from_utf8(text(part)).expect("paths are text"))
}

fn args_path(part: &str) -> PathBuf {
    if part.contains('<') { descriptor(part).1 } else { path(part) }
}

/// A path below an open directory, or as it stands.
fn at(dir: &str, name: &str) -> PathBuf {
    descriptor(dir).1.join(path(name))
}

/// The bytes of `"\x61\x62"`.
fn text(part: &str) -> Vec<u8> {
    assert!(!part.ends_with("..."), "strace cut a string short");
    let quoted = part.trim().trim_start_matches('"').trim_end_matches('"');
    unescape_bytes(quoted)
}

fn unescape(text: &str) -> String {
    String::from_utf8(unescape_bytes(text)).expect("paths are text")
}

fn unescape_bytes(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 4);
    let digit = |byte: u8| (byte as char).to_digit(16).expect("a hexadecimal digit") as u8;
    let mut n = 0;
    while n < bytes.len() {
        if bytes[n] == b'\\' && bytes.get(n + 1) == Some(&b'x') {
            out.push(digit(bytes[n + 2]) << 4 | digit(bytes[n + 3]));
            n += 4;
        } else {
            out.push(bytes[n]);
            n += 1;
        }
    }
    out
}
