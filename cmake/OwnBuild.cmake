# How we compile our own tree. Whoever embeds a node has an opinion of their own on all of this.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# No debug information but the lines that sanitizers and stacks name: it doubles the time of a file.
# -O1 compiles as fast as -O0, and the tests run several times faster.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
# mold takes archives in any order, which other linkers do not: release is linked as everybody links.
find_program(MOLD mold)
if(MOLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=mold)
endif()
