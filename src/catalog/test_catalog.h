// A catalog on an empty database, and images for it, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "catalog/annotations.h"
#include "catalog/audit_log.h"
#include "catalog/catalog.h"
#include "catalog/tokens.h"
#include "database/random_id.h"
#include "database/testing/test_database.h"

namespace samcache {

inline std::string sha256_of(int number) {
  std::string text = std::to_string(number);
  return text.insert(0, 64 - text.size(), '0');
}

class CatalogTest : public ::testing::Test {
 protected:
  static ImageRecord new_image(int content, const std::string& project = "") {
    return {.id = random_uuid(),
            .project = project,
            .filename = "picture " + std::to_string(content) + ".jpg",
            .media_type = "image/jpeg",
            .format = "jpeg",
            .width = 640,
            .height = 480,
            .size_bytes = 5'000'000'000,
            .sha256 = sha256_of(content)};
  }
  // Its id.
  std::string add(int content, const std::string& project = "") {
    return catalog_->add_image(new_image(content, project), soon()).value().record.id;
  }
  ImageRecord image(const std::string& id) { return catalog_->image(id, soon()).value().value(); }
  void set_status(int content, EncodingStatus status, const std::string& error = "") {
    catalog_->set_encoding_status({sha256_of(content), status, error, "model-a"}, soon()).value();
  }
  std::shared_ptr<Catalog> open_catalog(const std::string& model) {
    return Catalog::open(database_, {.model_fingerprint = model}, soon()).value();
  }

  TestDatabase files_;
  std::shared_ptr<Database> database_ = files_.open();
  std::shared_ptr<Catalog> catalog_ = open_catalog("model-a");
};

}  // namespace samcache
