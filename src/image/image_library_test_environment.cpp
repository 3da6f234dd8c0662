// Gives every test of the program it is linked into an ImageLibrary.
#include <gtest/gtest.h>

#include <memory>

#include "image/image_library.h"

namespace samcache {
namespace {

class ImageLibraryEnvironment : public ::testing::Environment {
 public:
  void SetUp() override { library_ = std::make_unique<ImageLibrary>(); }
  void TearDown() override { library_.reset(); }

 private:
  std::unique_ptr<ImageLibrary> library_;
};

const ::testing::Environment* const environment = ::testing::AddGlobalTestEnvironment(new ImageLibraryEnvironment);

}  // namespace
}  // namespace samcache
