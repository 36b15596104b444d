//! Compiles `proto/` without `protoc`: protox parses, prost and tonic generate.

use std::path::PathBuf;

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // tonic's own switch for this has no effect when descriptors are handed in.
    println!("cargo:rerun-if-changed=proto");

    let mut files = Vec::new();
    for entry in std::fs::read_dir("proto/ballast/v1")? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    files.sort();

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;

    // The encoded form keeps our method options; the decoded `FileDescriptorSet` drops them.
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let descriptors = compiler.encode_file_descriptor_set();
    std::fs::write(out.join("ballast_descriptor.bin"), &descriptors)?;

    let set = prost_types::FileDescriptorSet::decode(descriptors.as_slice())?;
    // The codec looks up by its name what a message may hold.
    let mut names = prost_build::Config::new();
    names.enable_type_names();
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .compile_well_known_types(false)
        .codec_path("crate::api::codec::ContractCodec")
        .compile_fds_with_config(set, names)?;
    Ok(())
}
