#include "package_image.h"
