# The headers that a program which embeds a node includes, as <lanchat/ROOM/FILE.hpp>.

# lanchat_public_headers(<target> <header>...)
# Gives whoever links the target these headers, and those that they include, and no others. Ours
# name each other from the root of our tree ("message/ids.hpp"), which would take such names from
# the embedder's own files: so the build folder gets copies that say "lanchat/message/ids.hpp".
function(lanchat_public_headers target)
  set(base ${PROJECT_BINARY_DIR}/include)
  set(waiting ${ARGN})
  set(seen)
  while(waiting)
    list(POP_FRONT waiting header)
    if(header IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${header})
    set(source ${PROJECT_SOURCE_DIR}/${header})
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} includes REGEX "^#include \"")
    list(TRANSFORM includes REPLACE "^#include \"(.*)\".*" "\\1")
    list(APPEND waiting ${includes})
    file(READ ${source} text)
    string(REPLACE "\n#include \"" "\n#include \"lanchat/" text "${text}")
    file(GENERATE OUTPUT ${base}/lanchat/${header} CONTENT "${text}")
    list(APPEND copies ${base}/lanchat/${header})
  endwhile()
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${base} FILES ${copies})
endfunction()
