/** Text of `warpgzip --help`. */
export const usage = `Usage: warpgzip [OPTION]... [FILE]...
Compress or uncompress FILEs (by default, compress FILES in-place).

  -a, --ascii        ignored, as -b NUM: gzip takes them
  -c, --stdout       write on standard output, keep original files unchanged
  -d, --decompress   decompress
  -f, --force        force overwrite of output file and compress links
  -h, --help         give this help
  -k, --keep         keep (don't delete) input files
  -l, --list         list compressed file contents (decodes all of it)
  -n, --no-name      do not save or restore the original name and timestamp
  -N, --name         save or restore the original name and timestamp
  -p, --threads N    number of threads of the software device
  -q, --quiet        suppress all warnings
  -r, --recursive    operate recursively on directories
  -S, --suffix SUF   use suffix SUF on compressed files
      --synchronous  flush every output file to the disk
  -t, --test         test compressed file integrity
  -v, --verbose      verbose mode
  -V, --version      display version number
  -1, --fast         compress faster
  -9, --best         compress better

With no FILE, or when FILE is -, read standard input.
Exit status: 0 normal, 1 error, 2 warning.
`;
