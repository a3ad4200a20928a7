"""The camera: pictures in, votes for codes out; the one room that knows cv2, zxing-cpp and zbar."""
