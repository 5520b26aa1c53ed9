"""Cash whose import failed, on its way back to the person: released, fetched by the village, signed for."""
