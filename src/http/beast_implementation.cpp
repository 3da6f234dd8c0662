// Beast, compiled once for this folder (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
