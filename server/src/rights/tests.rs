//! What the rights promise, proven on whole data folders: a canary person is looked for in every byte of
//! every file.

use super::*;
