{
  "targets": [
    {
      "target_name": "warpdrive",
      "sources": [
        "<!@(node -p \"require('fs').readdirSync('native', { recursive: true }).filter((f) => f.endsWith('.cc') && !f.startsWith('kernel') && (process.platform === 'linux' || !f.startsWith('warpdrive'))).map((f) => 'native/' + f).sort().join(' ')\")"
      ],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=9",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        # A worker that is being terminated refuses exceptions; that is no reason to abort.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "<!@(node scripts/gyp-codecs.js defines)"
      ],
      # The zlib.h that comes with Node hides crc32_combine() when this is set; off_t has 64 bits
      # without it on every system that is built for.
      "defines!": ["_FILE_OFFSET_BITS=64"],
      "cflags": ["-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", "<!@(node scripts/gyp-codecs.js cflags)"],
      "cflags!": ["-Wno-unused-parameter"],
      "cflags_cc": ["-std=gnu++20", "-fno-exceptions", "-fno-rtti", "-O2"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++14"],
      "libraries": ["<!@(node scripts/gyp-codecs.js libs)"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "CLANG_CXX_LIBRARY": "libc++",
        "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
        "GCC_ENABLE_CPP_RTTI": "NO",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "13.0",
        "OTHER_CFLAGS": ["<!@(node scripts/gyp-codecs.js cflags)"]
      }
    }
  ]
}
