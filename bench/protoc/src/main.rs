//! A `protoc` for the build scripts of peers, which call one through prost-build. It understands
//! only the arguments that prost-build passes: `--include_imports --include_source_info -o FILE -I
//! DIRECTORY… FILE…`.

use std::error::Error;

use protox::Compiler;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut output, mut includes, mut files) = (String::new(), Vec::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--include_imports" | "--include_source_info" => {}
            "-o" => output = arguments.next().ok_or("expected a file after `-o`")?,
            "-I" => includes.push(arguments.next().ok_or("expected a directory after `-I`")?),
            _ => files.push(argument),
        }
    }
    if includes.is_empty() {
        includes.push(String::from("."));
    }
    let mut compiler = Compiler::new(includes)?;
    compiler.include_imports(true).include_source_info(true).open_files(files)?;
    Ok(std::fs::write(output, compiler.encode_file_descriptor_set())?)
}
